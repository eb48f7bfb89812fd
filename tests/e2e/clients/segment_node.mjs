// Sends what OPTIONS ask for by @segment/analytics-node, and prints what it could not send.
import { Analytics } from '@segment/analytics-node'

const { key, host, lessons, personal, flushAt } = JSON.parse(process.env.OPTIONS)
const analytics = new Analytics({ writeKey: key, host, flushAt, flushInterval: 200 })
const failures = []
analytics.on('error', (error) => failures.push(String(error.reason ?? error.code)))

for (const lesson_id of lessons) {
  analytics.track({ userId: 'canary-user', event: 'Lesson Viewed', properties: { lesson_id, ...personal } })
}
await analytics.closeAndFlush({ timeout: 100_000 })
console.log(JSON.stringify({ failures }))
