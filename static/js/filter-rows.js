/** <filter-rows label rows>: a field that shows only the rows that contain its text. Without JavaScript all rows are shown. */
const ENOUGH = 3

class FilterRows extends HTMLElement {
  connectedCallback() {
    this.rows = [...this.querySelectorAll(this.getAttribute("rows"))]
    if (this.bar || this.rows.length <= ENOUGH) return
    const label = this.getAttribute("label")
    this.field = Object.assign(document.createElement("input"), { type: "search", className: "input", placeholder: label })
    this.field.setAttribute("aria-label", label)
    this.said = document.createElement("span")
    this.said.setAttribute("role", "status")
    this.bar = Object.assign(document.createElement("div"), { className: "filter" })
    this.bar.append(this.field, this.said)
    this.prepend(this.bar)
    this.field.addEventListener("input", (event) => this.sift(event))
    // Enter must not submit the form that contains the field.
    this.field.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault())
  }

  sift(event) {
    event.stopPropagation()
    const words = this.field.value.toLowerCase().split(/\s+/).filter(Boolean)
    for (const row of this.rows) {
      const text = row.textContent.toLowerCase()
      row.hidden = !words.every((word) => text.includes(word))
    }
    const left = this.rows.filter((row) => !row.hidden).length
    this.said.textContent = words.length ? `${left} of ${this.rows.length}` : ""
  }
}

customElements.define("filter-rows", FilterRows)
