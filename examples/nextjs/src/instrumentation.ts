/** Next.js calls this once for each server it starts, before it handles requests. */
export async function register(): Promise<void> {
  const { instrumentAISDK } = await import('@observatory/ai-sdk');
  instrumentAISDK();
}
