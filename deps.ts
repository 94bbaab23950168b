// Every third-party package that the program uses, by the names pinned in deno.json. Nothing else under lib/ names one.
// (`@cloudydeno/kubernetes-apis` and `@std/assert` are mapped specifiers of this repository and imported directly.)

// HTTP servers of the controller: routing, and the adaptor that serves it over HTTP/1.1 with a replaceable certificate.
export { type Context, Hono } from "hono";
export { createAdaptorServer } from "@hono/node-server";

// Configuration: validation with every fault listed at once.
export { z } from "zod";

// Metrics: registry and text format.
export * as prometheus from "prom-client";

// YAML: kubeconfig, configuration, manifests.
export * as yaml from "yaml";

// Traces: the names of OpenTelemetry, behind which Deno's own exporter stands. Types cost nothing; the rest is loaded only when
// tracing is on.
export type * as otel from "@opentelemetry/api";
export const loadOpenTelemetry = () => import("@opentelemetry/api");

// Loaded only where it is needed: it costs memory that a running controller does not have to spend.
/** Common Expression Language: the rules of a CustomResourceDefinition, in the simulated API server. */
export const loadCel = () => import("@marcbachmann/cel-js");
