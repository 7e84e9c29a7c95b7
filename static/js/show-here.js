/** A row of tabs that is wider than the screen shows the one where one is; without JavaScript it is swiped there. */
for (const here of document.querySelectorAll(":is(.mainnav, .subnav) [aria-current]")) {
  const row = here.parentElement
  row.scrollLeft = here.offsetLeft - row.offsetLeft - (row.clientWidth - here.offsetWidth) / 2
}
