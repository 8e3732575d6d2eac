// A date field shows the browser's order of day and month: repeat the date in words below it as it changes.
const language = document.documentElement.lang;
const writes = { en: 'en-GB', ar: 'ar-u-nu-latn' }; // as the server writes: day before month, European digits
const words = new Intl.DateTimeFormat(writes[language] ?? language, { dateStyle: 'full', timeZone: 'UTC' });

document.addEventListener('change', (e) => {
  const below = e.target.type === 'date' && document.querySelector(`[data-date-of="${CSS.escape(e.target.id)}"]`);
  if (!below) return;
  const text = e.target.value ? words.format(new Date(`${e.target.value}T00:00Z`)) : '';
  below.textContent = language === 'ru' ? text : text.replace(/^(\S+)[,،] /, '$1 ');
});
