// Menus open and close without a script. With one, Escape closes the open menu and gives the focus back, and leaving it closes it.
const menus = () => document.querySelectorAll('details.menu[open]');

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  for (const menu of menus()) {
    if (menu.contains(document.activeElement)) menu.querySelector('summary').focus();
    menu.open = false;
  }
});
for (const leaving of ['focusin', 'pointerdown']) {
  document.addEventListener(leaving, (event) => {
    for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
  });
}
