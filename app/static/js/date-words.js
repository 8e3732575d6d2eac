// A date field shows the browser's order of day and month: repeat the date in words below it as it changes.
const language = document.documentElement.lang;
const words = new Intl.DateTimeFormat(language === 'ar' ? 'ar-u-nu-latn' : language, { dateStyle: 'full', timeZone: 'UTC' });

document.addEventListener('change', (e) => {
  const below = e.target.type === 'date' && document.querySelector(`[data-date-of="${CSS.escape(e.target.id)}"]`);
  if (below) below.textContent = e.target.value ? words.format(new Date(`${e.target.value}T00:00Z`)) : '';
});
