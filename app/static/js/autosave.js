// A form marked data-autosave="url" is posted there while its reader types, three seconds after the last key, and once more
// before it is sent: when the line is cut, the page stays with all that was typed in it. The answer to a kept draft is any 2xx;
// without this file each step is saved by its own button.
const WAIT = 3000;

for (const form of document.querySelectorAll('form[data-autosave]')) {
  const says = document.querySelector('[data-saved]');
  let timer, running, waiting, unsaved, pressed;

  const say = (sentence) => { if (says) says.textContent = (sentence ?? '').replace('{time}', new Date().toTimeString().slice(0, 5)); };

  function send() {
    const named = document.createElement('input');
    Object.assign(named, { type: 'hidden', name: pressed.name ?? '', value: pressed.value ?? '' });
    if (named.name) form.append(named);
    form.submit();
  }

  async function save() {
    clearTimeout(timer);
    if (running) { waiting = true; return; }
    running = true;
    unsaved = false;
    const fields = new FormData(form);
    for (const [name, value] of [...fields]) if (value instanceof File) fields.delete(name); // files wait for the button
    try {
      const answer = await fetch(form.dataset.autosave, { method: 'POST', body: new URLSearchParams(fields), headers: { 'X-Autosave': '1' }, redirect: 'error' });
      if (!answer.ok) throw new Error(answer.status);
      say(says?.dataset.saved);
    } catch (error) {
      unsaved = true;
      if (pressed && /^\d/.test(error.message)) { send(); return; } // the server answered: its page says what is wrong
      say(says?.dataset.unsaved);
      timer = setTimeout(save, (pressed ? 1 : 10) * WAIT);
    }
    running = false;
    if (waiting) { waiting = false; save(); } else if (pressed && !unsaved) send();
  }

  form.addEventListener('input', () => { unsaved = true; clearTimeout(timer); timer = setTimeout(save, WAIT); });
  form.addEventListener('submit', (event) => {
    clearTimeout(timer);
    if (!unsaved && !running) return; // what is typed is kept already
    event.preventDefault();
    pressed = event.submitter ?? {};
    say(says?.dataset.saving);
    save();
  });
}
