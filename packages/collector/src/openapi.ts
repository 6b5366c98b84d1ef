export const openApi = { openapi: '3.1.0', info: { title: 'Observatory', version: '1' }, paths: {} };
