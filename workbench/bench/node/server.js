// Express and pg calling ingest_progress_v1: checks what a careful handler checks, and answers a receipt per event.
"use strict";

const express = require("express");
const { Pool } = require("pg");

const CALL = {
  name: "ingest",
  text:
    "select outcomes, rate_remaining, rate_reset_ms, retry_after_ms" +
    " from rollcall.ingest_progress_v1($1, $2, $3::jsonb, $4, $5, $6)",
};
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const KINDS = new Set(["started", "progressed", "completed"]);

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 2 });
const app = express();
app.disable("x-powered-by");
app.use(express.json({ limit: "256kb" }));

function isEvent(event, subject) {
  return (
    UUID.test(event.event_id) &&
    UUID.test(event.org_id) &&
    event.user_id === subject &&
    typeof event.course_id === "string" &&
    typeof event.lesson_id === "string" &&
    KINDS.has(event.kind) &&
    event.percent >= 0 &&
    event.percent <= 100 &&
    Number.isInteger(event.time_spent_seconds) &&
    !Number.isNaN(Date.parse(event.occurred_at))
  );
}

app.post("/api/client/progress/batch", async (request, response) => {
  const subject = request.get("x-subject");
  const events = request.body.events;
  if (!Array.isArray(events) || !events.every((event) => isEvent(event, subject))) {
    return response.status(400).json({ code: "invalid_events" });
  }
  const values = [subject, [request.get("x-organisation")], JSON.stringify(events), new Date(), 5, 10];
  const { rows } = await pool.query({ ...CALL, values });
  const { outcomes, rate_remaining, rate_reset_ms } = rows[0];
  if (outcomes === null) {
    return response.status(429).json({ code: "rate_limited" });
  }
  const counts = { accepted: 0, duplicate: 0, conflict: 0, rejected: 0, spooled: 0, retry: 0 };
  const results = outcomes.map((outcome, place) => {
    const status = outcome in counts ? outcome : "rejected";
    counts[status] += 1;
    return { event_id: events[place].event_id, status };
  });
  response.set("RateLimit", `"batches";r=${rate_remaining};t=${Math.ceil(rate_reset_ms / 1000)}`);
  return response.json({ counts, results });
});

const server = app.listen(Number(process.env.PORT), "127.0.0.1", () => console.log(server.address().port));
