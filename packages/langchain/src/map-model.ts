import { type Bag, bag, list, text } from './reading.js';

/** Request parameters that are worth keeping. What is not named here (headers, keys, clients) never leaves. */
const PARAMETERS = [
  'temperature',
  'top_p',
  'top_k',
  'max_tokens',
  'max_completion_tokens',
  'max_output_tokens',
  'frequency_penalty',
  'presence_penalty',
  'logit_bias',
  'seed',
  'stop',
  'stop_sequences',
  'n',
  'reasoning',
  'reasoning_effort',
  'thinking',
  'verbosity',
  'tool_choice',
  'parallel_tool_calls',
  'service_tier',
  'stream',
] as const;

export interface ModelRequest {
  requested: string | undefined;
  provider: string | undefined;
  parameters: Record<string, unknown> | undefined;
  toolDefinitions: readonly unknown[] | undefined;
}

/** What a model start says about the request. `extraParams.options` and `serialized` hold secrets and are never read. */
export function readRequest(serialized: unknown, extraParams: unknown, metadata: Bag): ModelRequest {
  const params = bag(bag(extraParams).invocation_params);
  const parameters: Record<string, unknown> = {};
  for (const name of PARAMETERS) {
    if (params[name] !== undefined && params[name] !== null) parameters[name] = params[name];
  }
  const format = bag(params.response_format);
  if (text(format.type)) {
    parameters.response_format = { type: format.type, name: text(bag(format.json_schema).name) };
  }
  const tools = list(params.tools);
  return {
    requested: text(metadata.ls_model_name) ?? text(params.model) ?? text(params.model_name),
    provider: text(metadata.ls_provider) ?? text(list(bag(serialized).id).at(-1))?.replace(/^Chat/, ''),
    parameters: Object.keys(parameters).length > 0 ? parameters : undefined,
    toolDefinitions: tools.length > 0 ? tools : undefined,
  };
}

export interface ModelAnswer {
  used: string | undefined;
  provider: string | undefined;
  finishReason: string | undefined;
  responseId: string | undefined;
}

/** What an answer says about itself. Streamed answers of Anthropic keep it in `additional_kwargs`. */
export function readAnswer(message: unknown, generationInfo: unknown, llmOutput: unknown): ModelAnswer {
  const { response_metadata, additional_kwargs, id } = bag(message);
  const response = bag(response_metadata);
  const extra = bag(additional_kwargs);
  const info = bag(generationInfo);
  const output = bag(llmOutput);
  const used =
    text(response.model_name) ??
    text(response.model) ??
    text(extra.model) ??
    text(info.model_name) ??
    text(output.model) ??
    text(output.model_name);
  return {
    used: used === undefined ? undefined : once(used),
    provider: text(response.model_provider),
    finishReason: finishReason(response) ?? finishReason(info) ?? finishReason(extra),
    responseId: ofProvider(id) ?? ofProvider(response.id),
  };
}

/** An id of LangChain's own making says nothing. */
const ofProvider = (id: unknown): string | undefined =>
  typeof id === 'string' && id !== '' && !/^(lc_)?run-/.test(id) ? id : undefined;

function finishReason(source: Bag): string | undefined {
  const reason = text(source.finish_reason) ?? text(source.finishReason) ?? text(source.stop_reason);
  if (reason !== undefined) return once(reason);
  const incomplete = text(bag(source.incomplete_details).reason);
  return (
    incomplete ?? (source.object === 'response' || text(source.status) ? text(source.status) : undefined)
  );
}

/** Concatenated chunks repeat what each of them said: `gpt-5gpt-5`. */
function once(value: string): string {
  for (let parts = 2; parts <= 4; parts++) {
    const length = value.length / parts;
    if (length >= 3 && Number.isInteger(length) && value.slice(0, length).repeat(parts) === value) {
      return value.slice(0, length);
    }
  }
  return value;
}
