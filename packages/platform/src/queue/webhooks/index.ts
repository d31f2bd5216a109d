export { OutboxRelay } from "./outbox-relay.js";
export { WebhookDeliverer, type WebhookDelivererOptions } from "./webhook-deliverer.js";
export { WebhookSecrets } from "./webhook-secrets.js";
