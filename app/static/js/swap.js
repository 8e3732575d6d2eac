// Forms marked data-swap="#region" refresh that region without a full page load.
// The form is an ordinary GET form: without this file its button does the same job.
const running = new WeakMap();

async function refresh(form) {
  running.get(form)?.abort();
  const stop = new AbortController();
  running.set(form, stop);
  const region = document.querySelector(form.dataset.swap);
  const url = new URL(form.action);
  url.search = new URLSearchParams(new FormData(form));
  region.setAttribute('aria-busy', 'true');
  try {
    const answer = await fetch(url, { signal: stop.signal, headers: { 'X-Part': form.dataset.swap } });
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    region.replaceChildren(...page.querySelector(form.dataset.swap).childNodes);
    region.removeAttribute('aria-busy');
    history.pushState({}, '', url);
  } catch (problem) {
    if (problem.name !== 'AbortError') form.submit(); // fall back to the plain form
  }
}

document.addEventListener('change', (e) => { if (e.target.form?.dataset.swap) refresh(e.target.form); });
document.addEventListener('submit', (e) => {
  if (!e.target.dataset.swap) return;
  e.preventDefault();
  refresh(e.target);
});
if (document.querySelector('[data-swap]')) addEventListener('popstate', () => location.reload());
