// A button that copies a text area. Without this file it stays hidden, and the text can be selected by hand.
for (const place of document.querySelectorAll('[data-copy]')) {
  const area = document.getElementById(place.dataset.copy);
  const says = place.querySelector('[data-copied]');
  place.hidden = false;
  place.querySelector('button').addEventListener('click', async () => {
    area.select();
    try { await navigator.clipboard.writeText(area.value); } catch { document.execCommand('copy'); } // over plain http
    says.textContent = says.dataset.copied;
  });
}
