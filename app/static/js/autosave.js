// A form marked data-autosave="url" is posted there while its reader types, three seconds after the last key.
// The answer to a kept draft is any 2xx; without this file each step is saved by its own button.
const WAIT = 3000;

for (const form of document.querySelectorAll('form[data-autosave]')) {
  const says = document.querySelector('[data-saved]');
  let timer, running, waiting;

  const say = (sentence) => { if (says) says.textContent = sentence.replace('{time}', new Date().toTimeString().slice(0, 5)); };

  async function save() {
    if (running) { waiting = true; return; }
    running = true;
    const fields = new FormData(form);
    for (const [name, value] of [...fields]) if (value instanceof File) fields.delete(name); // files wait for the button
    try {
      const answer = await fetch(form.dataset.autosave, { method: 'POST', body: new URLSearchParams(fields), headers: { 'X-Autosave': '1' }, redirect: 'error' });
      if (!answer.ok) throw new Error(answer.status);
      say(says?.dataset.saved ?? '');
    } catch {
      say(says?.dataset.unsaved ?? '');
      timer = setTimeout(save, 10 * WAIT);
    }
    running = false;
    if (waiting) { waiting = false; save(); }
  }

  form.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(save, WAIT); });
  form.addEventListener('submit', () => clearTimeout(timer));
}
