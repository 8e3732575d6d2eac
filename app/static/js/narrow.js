// A filter above a long list of checkboxes. Without this file it stays hidden and the whole list is there.
// What is ticked stays in sight, so that nothing is sent that nobody sees.
const plain = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

for (const place of document.querySelectorAll('[data-narrows]')) {
  const rows = [...document.getElementById(place.dataset.narrows).children];
  const field = place.querySelector('input');
  place.hidden = false;
  field.addEventListener('input', () => {
    const words = plain(field.value).split(/\s+/);
    for (const row of rows) {
      row.hidden = !row.querySelector('input').checked && !words.every((word) => plain(row.textContent).includes(word));
    }
  });
  field.addEventListener('keydown', (event) => { if (event.key === 'Enter') event.preventDefault(); }); // it is no answer
}
