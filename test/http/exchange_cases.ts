/** All rows of exchange.test.ts, by subject. */
import { ANSWERS } from "./exchange_cases_answers.ts";
import { CLIENTS } from "./exchange_cases_clients.ts";
import { FRAMING } from "./exchange_cases_framing.ts";
import { HOSTILE } from "./exchange_cases_hostile.ts";
import { KEPT } from "./exchange_cases_kept.ts";
import { QUEUES } from "./exchange_cases_queues.ts";
import { RETRIES } from "./exchange_cases_retries.ts";
import { LOGS, RULES } from "./exchange_cases_rules.ts";
import { SERVERS } from "./exchange_cases_servers.ts";
import { SILENCE } from "./exchange_cases_silence.ts";
import { TUNNELS } from "./exchange_cases_tunnels.ts";
import type { Case } from "./exchange_scene.ts";

export const CASES: readonly Case[] = [
  ...KEPT,
  ...FRAMING,
  ...HOSTILE,
  ...CLIENTS,
  ...SILENCE,
  ...SERVERS,
  ...RETRIES,
  ...TUNNELS,
  ...QUEUES,
  ...ANSWERS,
  ...RULES,
  ...LOGS,
];
