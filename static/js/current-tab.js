/** Scrolls a row of tabs that is wider than the screen to the current tab. */
for (const here of document.querySelectorAll(":is(.mainnav, .subnav) [aria-current]")) {
  const row = here.parentElement
  row.scrollLeft = here.offsetLeft - row.offsetLeft - (row.clientWidth - here.offsetWidth) / 2
}
