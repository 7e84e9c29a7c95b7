import { _ } from "./text.js"

/** Rewrites times from UTC into the time zone of the browser, unless the user has chosen one: the server then uses it. Relative times keep their text; their tooltip is rewritten. */
const locale = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang
const date = { day: "numeric", month: "long", year: "numeric" }
const day = new Intl.DateTimeFormat(locale, date)
const weekday = new Intl.DateTimeFormat(locale, { weekday: "long", ...date })
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" })

const exact = (moment) => `${weekday.format(moment)}, ${clock.format(moment)}`
const formats = { exact, day: (moment) => day.format(moment), clock: (moment) => clock.format(moment) }

export function localise(root = document) {
  if (document.documentElement.dataset.zone) return
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime)
    if (Number.isNaN(moment.valueOf())) continue
    if (time.title) time.title = exact(moment)
    const format = formats[time.dataset.local]
    if (format) time.textContent = format(moment)
  }
  for (const line of root.querySelectorAll("[data-zone]")) {
    line.textContent = _("Times in %(zone)s", { zone: day.resolvedOptions().timeZone })
  }
}

localise()
