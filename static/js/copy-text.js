import { _ } from "./text.js"

/**
 * <copy-text>: a Copy button for its text, or for the field named by `from`.
 * `label` is what is copied, for those who hear the button. Without JavaScript the text is still there to select.
 */
const ICON = `<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><rect width="14" height="14" x="8" y="8" rx="2"/><path d="M4 16c-1.1 0-2-.9-2-2V4c0-1.1.9-2 2-2h10c1.1 0 2 .9 2 2"/></svg>`

class CopyText extends HTMLElement {
  connectedCallback() {
    if (this.button) return
    this.field = document.getElementById(this.getAttribute("from"))
    this.field?.addEventListener("focus", () => this.field.select())
    this.button = document.createElement("button")
    this.button.type = "button"
    this.button.className = this.field ? "button" : "button button--quiet button--small"
    this.button.innerHTML = `${ICON}<span></span><span class="hidden-text"></span>`
    this.button.querySelector("span").textContent = _("Copy")
    this.button.lastElementChild.textContent = ` ${this.getAttribute("label") ?? ""}`
    this.said = document.createElement("span")
    this.said.className = "hidden-text"
    this.said.setAttribute("role", "status")
    this.button.addEventListener("click", () => this.copy())
    this.append(this.button, this.said)
  }

  get text() {
    return this.field ? this.field.value : this.firstElementChild.textContent
  }

  async copy() {
    const done = await write(this.text, this.field ?? this.firstElementChild)
    const word = this.button.querySelector("span")
    word.textContent = done ? _("Copied") : _("Press Ctrl+C")
    this.said.textContent = done ? _("Copied") : _("Selected. Press Control and C to copy.")
    clearTimeout(this.rest)
    this.rest = setTimeout(() => {
      word.textContent = _("Copy")
      this.said.textContent = ""
    }, 4000)
  }
}

/** Without HTTPS the clipboard API is missing: then the text is selected, and the user presses Ctrl+C. */
async function write(text, source) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    if (source.select) source.focus()
    else getSelection().selectAllChildren(source)
    return false
  }
}

customElements.define("copy-text", CopyText)
