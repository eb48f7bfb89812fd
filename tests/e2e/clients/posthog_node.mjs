// Sends what OPTIONS ask for by posthog-node, and prints what it could not send, and which feature flags it was told.
import { PostHog } from 'posthog-node'

const { key, host, lessons, personal, flushAt, gzip, captureMode } = JSON.parse(process.env.OPTIONS)
process.env.POSTHOG_CAPTURE_MODE = captureMode
const client = new PostHog(key, { host, flushAt, flushInterval: 200, fetchRetryDelay: 500, disableCompression: !gzip })
const failures = []
client.on('error', (error) => failures.push(String(error)))

const flags = await client.getAllFlags('canary-user')
client.identify({ distinctId: 'canary-user', properties: personal })
client.groupIdentify({ groupType: 'school', groupKey: 'canary-school', properties: personal })
for (const lesson_id of lessons) {
  client.capture({ distinctId: 'canary-user', event: 'Lesson Viewed', properties: { lesson_id, ...personal } })
}
const server = setInterval(() => {}, 1000) // its waits do not keep a process alive, as a server's work does
await client.shutdown(100_000)
clearInterval(server)
console.log(JSON.stringify({ failures, flags }))
