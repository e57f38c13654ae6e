/** The environment of programs that we start besides the server: none of them needs a key. */

const KEYS = /^(ZAI_API_KEY|ZHIPUAI_API_KEY|OPENAI_API_KEY|ANTHROPIC_API_KEY|ANTHROPIC_AUTH_TOKEN)$/i;

export function withoutKeys(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !KEYS.test(name)));
}
