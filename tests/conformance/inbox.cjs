// A calendar by ical.js: one line of JSON per person comes in (owner, objects), one goes out (UID to what is held).
// RFC 5546, 2.1.5: the greater SEQUENCE obsoletes the lesser; of one SEQUENCE the later DTSTAMP counts.
const path = require("path");
const readline = require("readline");
const loaded = require(path.join(__dirname, "..", "..", "node_modules", "ical.js", "dist", "ical.es5.cjs"));
const ICAL = loaded.default || loaded;

function take(held, last, owner, raw) {
  const calendar = new ICAL.Component(ICAL.parse(raw));
  const method = calendar.getFirstPropertyValue("method");
  for (const component of calendar.getAllSubcomponents("vevent")) {
    const event = new ICAL.Event(component);
    const people = event.attendees.map((one) => String(one.getFirstValue()).toLowerCase());
    if (!people.includes("mailto:" + owner.toLowerCase())) continue;
    const stamp = component.getFirstPropertyValue("dtstamp").toJSDate().getTime();
    const sequence = event.sequence || 0;
    const known = last[event.uid];
    if (known && known.organizer !== event.organizer) continue;
    if (known && (sequence < known.sequence || (sequence === known.sequence && stamp <= known.stamp))) continue;
    last[event.uid] = { sequence, stamp, organizer: event.organizer };
    if (method === "CANCEL") delete held[event.uid];
    else if (method === "REQUEST") {
      held[event.uid] = {
        sequence,
        start: event.startDate.toString(),
        end: event.endDate.toString(),
        summary: event.summary,
      };
    }
  }
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  if (!line) return;
  const { owner, objects } = JSON.parse(line);
  const held = {};
  const last = {};
  for (const raw of objects) take(held, last, owner, raw);
  console.log(JSON.stringify(held));
});
