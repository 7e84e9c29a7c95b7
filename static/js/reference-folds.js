/** Folds of the reference: open where there is room for them, and wherever an address leads. */
const wide = matchMedia("(min-width: 56rem)")
if (wide.matches) for (const fold of document.querySelectorAll(".reference__group > details")) fold.open = true

function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)))
  if (!target) return
  const own = target.querySelector(":scope > details") ?? target.closest("details")
  for (let fold = own; fold; fold = fold.parentElement.closest("details")) fold.open = true
  target.scrollIntoView()
}

addEventListener("hashchange", openTarget)
openTarget()
