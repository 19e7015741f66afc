// The page's state as GET /api/slipway/v1/overview sends it (docs/internals/api.md). A number may be null: no data.

export type Maybe = number | null;

export interface Part { name: string; state: string; address?: string; restarts: number }
export interface PathStage { stage: string; state: "done" | "running" | "failed" | "waiting"; at?: string; detail?: string }
export interface Version {
  model: string; version: string; commit?: string; author?: string; subject?: string; weights?: string;
  created?: string; metrics?: Record<string, number>; path: PathStage[];
}
export interface Environment { name: string; serving: { version: string; share: number }[]; since?: string }
export interface RolloutStep { text: string; state: "done" | "current" | "next" | "failed" }
export interface Analysis { name: string; phase: string; value: Maybe; text: string }
export interface Rollout {
  name: string; phase: string; message?: string; stable?: string; canary?: string; weight: number; step: number;
  steps: RolloutStep[]; verdict?: string; startedAt?: string; analysis: Analysis[];
}
export interface Traffic {
  version: string; share: Maybe; requests: Maybe; errors: Maybe; rps: Maybe; errorRate: Maybe;
  ttft: { p50: Maybe; p95: Maybe };
  series: [number, Maybe, Maybe, Maybe][]; // unix time, requests/s, error share, TTFT p95 in seconds
}
export interface Slo {
  name: string; objective: number; window: string; sli: Maybe; budgetRemaining: Maybe;
  burnRate: Record<string, Maybe>; state: "ok" | "burning" | "exhausted" | "no-data"; message?: string;
}
export interface Approval {
  promotion: string; subject: string; requestedBy: string; needs: string; state: "waiting" | "approved"; by?: string;
}
export interface TimelineEntry {
  sequence: number; time: string; actor: string; action: string; object: string; digest?: string; detail?: string;
  seconds?: number;
}
export interface Overview {
  time: string; platform: { version: string; data: string; parts: Part[] }; model?: string;
  versions: Version[]; environments: Environment[]; rollout: Rollout | null; traffic: Traffic[]; slos: Slo[];
  approvals: Approval[]; timeline: TimelineEntry[];
}
