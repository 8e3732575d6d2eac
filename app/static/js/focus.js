// A form with errors: the summary gets the focus, so that it is read first. A link in it leads into its field.
document.querySelector('.summary-err')?.focus();
