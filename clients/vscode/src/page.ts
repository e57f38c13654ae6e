import { randomBytes } from "node:crypto";

/** For the scripts and styles of one webview, which may run nothing else. */
export function newNonce(): string {
  return randomBytes(18).toString("base64url");
}

/** Nothing is fetched from anywhere, nothing inline runs but what carries *nonce*. */
export function policy(nonce: string, scripts: boolean): string {
  const rules = ["default-src 'none'", `style-src 'nonce-${nonce}'`, "base-uri 'none'", "form-action 'none'"];
  if (scripts) rules.push(`script-src 'nonce-${nonce}'`, "img-src data:");
  return rules.join("; ");
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
