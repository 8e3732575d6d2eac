// The your-time bar: when the device keeps another zone than the page, offer it. It never switches by itself.
const form = document.querySelector('form[data-device-zone]');
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
// The same hour all year is the same zone to a reader, whatever its name.
const hours = (name, month) => new Date(Date.UTC(2027, month, 4)).toLocaleString('en', { timeZone: name });
const same = (one, other) => [0, 3, 6, 9].every((month) => hours(one, month) === hours(other, month));

try {
  if (form && zone?.includes('/') && !same(zone, form.dataset.deviceZone)) {
    form.elements.zone.value = zone;
    const place = zone.split('/').pop().replaceAll('_', ' ');
    const words = form.querySelector('[data-words]');
    words.textContent = words.dataset.words.replace('{place}', place);
    form.hidden = false;
  }
} catch { /* a zone this browser does not know: no offer */ }
