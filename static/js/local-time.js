/** Times come as UTC; here they are put into the reader's zone, unless they have chosen one: then it is theirs already. Relative ones keep their words, and get the exact time on hover. */
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric" })
const weekday = new Intl.DateTimeFormat("en-GB", { weekday: "long" })
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" })

const exact = (moment) => `${weekday.format(moment)} ${day.format(moment)}, ${clock.format(moment)}`
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
    line.textContent = `Times in ${day.resolvedOptions().timeZone}`
  }
}

localise()
