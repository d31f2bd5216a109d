import { type Static, Type } from "typebox";

/** Whose everything is while no keys are configured. */
export const defaultTenant = "default";

export const TenantId = Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,62}$", default: defaultTenant });
export type TenantId = Static<typeof TenantId>;
