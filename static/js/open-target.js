/** An address that names a place on the page opens what is folded there. Without JavaScript one lands on its closed line. */
function openTarget() {
  const fold = document.getElementById(decodeURIComponent(location.hash.slice(1)))?.querySelector(":scope > details")
  if (fold) fold.open = true
}

addEventListener("hashchange", openTarget)
openTarget()
