import { _ } from "./text.js"

/**
 * <save-text from as name>: a button that saves the field named by `from` as a line `name=…` of a file.
 * The file is made here and never leaves the machine; without JavaScript there is no button, and Copy's field stays.
 */
const ICON = `<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M12 15V3"/><path d="M21 15v4a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-4"/><path d="m7 10 5 5 5-5"/></svg>`

class SaveText extends HTMLElement {
  connectedCallback() {
    if (this.button) return
    this.button = document.createElement("button")
    this.button.type = "button"
    this.button.className = "button button--quiet"
    this.button.innerHTML = `${ICON}<span></span>`
    this.button.lastElementChild.textContent = _("Download as %(name)s", { name: this.getAttribute("as") })
    this.button.addEventListener("click", () => this.save())
    this.append(this.button)
  }

  save() {
    const line = `${this.getAttribute("name")}=${document.getElementById(this.getAttribute("from")).value}\n`
    const link = document.createElement("a")
    link.href = URL.createObjectURL(new Blob([line], { type: "text/plain" }))
    link.download = this.getAttribute("as")
    link.click()
    URL.revokeObjectURL(link.href)
  }
}

customElements.define("save-text", SaveText)
