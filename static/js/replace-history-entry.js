/**
 * On a page that answers a form: makes its history entry one that is opened with GET, so that Reload and Back neither
 * ask to send the form again nor send it. `data-url` is the URL to open then, if it is not the page's own.
 */
history.replaceState(history.state, "", document.currentScript.dataset.url || location.href)
