// A whole complaint with the types that openapi-typescript made from docs/openapi, exactly as it made them.
// `node build/journey.js URL KEY`
import createClient from "openapi-fetch";
import type { components, paths as Intake } from "./build/intake.js";
import type { paths as Resolution } from "./build/resolution.js";

type NewComplaint = components["schemas"]["NewComplaint"];

const [url, key] = process.argv.slice(2) as [string, string];
const headers = { Authorization: `Bearer ${key}` };
const intake = createClient<Intake>({ baseUrl: `${url}/intake`, headers });
const cases = createClient<Resolution>({ baseUrl: `${url}/resolution`, headers });
const customer = createClient<Intake>({ baseUrl: `${url}/intake` });

/** What one service says reaches the next one over the event log, a moment later. */
async function until<T>(look: () => Promise<T | null | undefined | false>): Promise<T> {
  for (const end = Date.now() + 30_000; Date.now() < end; ) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("waited in vain");
}

const told: NewComplaint = {
  channel: "mobile_app",
  language: "en",
  statement: { what_went_wrong: "The motor shows alarm R4 after ten minutes." },
  desired_amount: { amount: "100.00", currency: "CNY" },
};
const { data: registered, error } = await intake.POST("/v1/complaints", {
  body: told,
  params: { header: { "Idempotency-Key": "generated-2" } },
});
if (!registered) throw new Error(error?.title);
const path = { reference: registered.reference };
const params = { path, header: { "X-Tracking-Token": registered.tracking_token } };
const own = { path: { complaint_id: registered.id } };

const wrong = await customer.GET("/v1/tracking/{reference}", { params: { path } });
if (wrong.error?.type !== "urn:redress:problem:unknown-reference-or-token") throw new Error("it opened");

const tracked = async () => (await customer.GET("/v1/tracking/{reference}", { params })).data;
const found = async () => (await cases.GET("/v1/cases/{complaint_id}", { params: own })).data;

await until(async () => (await found())?.handler_id);
await cases.POST("/v1/cases/{complaint_id}/accept", { params: own, body: {} });
await cases.POST("/v1/cases/{complaint_id}/judgement", {
  params: own,
  body: { reason_sufficient: true, demand_reasonable: true, explanation: "The batch is faulty." },
});
await cases.POST("/v1/cases/{complaint_id}/offers", {
  params: own,
  body: { offers: [{ remedies: ["exchange"], description: "A new motor." }] },
});
const offer = await until(async () => (await tracked())?.offers[0]);
await customer.POST("/v1/tracking/{reference}/choice", { params, body: { offer_id: offer.offer_id } });
await until(async () => (await found())?.state === "agreed");
await cases.POST("/v1/cases/{complaint_id}/carry-out", { params: own, body: { result: "Exchanged." } });
await until(async () => (await tracked())?.opinion_asked);
await customer.POST("/v1/tracking/{reference}/opinion", { params, body: { outcome: "satisfied" } });
const closed = await until(async () => {
  const seen = await tracked();
  return seen?.status === "closed" && seen;
});
if (closed.outcome !== "satisfied") throw new Error(`${closed.outcome}`);
console.log(registered.id);
