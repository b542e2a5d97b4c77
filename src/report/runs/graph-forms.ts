/** How a graph can be shown. */
export const GRAPH_FORMS = ['text', 'mermaid', 'dot'] as const;
export type GraphForm = (typeof GRAPH_FORMS)[number];
