/** Folds of the API reference: open on wide screens, and opened by a link to an entry in them. */
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
