// The conformance cases on the simulated API server.
import { simulated } from "./backend.ts";
import { allCases } from "./cases/all.ts";
import { register } from "./harness.ts";

register(allCases, ["lists", "watches"], simulated);
