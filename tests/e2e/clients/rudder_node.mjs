// Sends what OPTIONS ask for by @rudderstack/rudder-sdk-node, and prints what it could not send.
import Analytics from '@rudderstack/rudder-sdk-node'

const { key, host, lessons, personal, flushAt, gzip } = JSON.parse(process.env.OPTIONS)
const client = new Analytics(key, { dataPlaneUrl: host, flushAt, flushInterval: 200, gzip, logLevel: 'none' })
const failures = []
let settled = 0

await new Promise((resolve) => {
  const settle = (error) => {
    if (error) failures.push(String(error.message))
    settled += 1
    if (settled === lessons.length) resolve()
  }
  for (const lesson_id of lessons) {
    client.track({ userId: 'canary-user', event: 'Lesson Viewed', properties: { lesson_id, ...personal } }, settle)
  }
})
console.log(JSON.stringify({ failures }))
