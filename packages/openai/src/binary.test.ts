import fc from 'fast-check';
import { expect, test } from 'vitest';
import { base64Bytes, withoutBinary } from './binary.js';

const bytes = (size: number) => Buffer.alloc(size, 7).toString('base64');

test('files, images and recordings become their type and size, and the value given stays', () => {
  const given = {
    content: [
      { type: 'image_url', image_url: { url: `data:image/png;base64,${bytes(1_000)}` } },
      { type: 'input_audio', input_audio: { data: bytes(1_001), format: 'wav' } },
      { type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${bytes(2_000)}` } },
      { type: 'image_generation_call', result: bytes(3_000) },
    ],
    b64_json: bytes(4_000),
    text: 'x'.repeat(5_000),
  };
  const copy = structuredClone(given);
  expect(withoutBinary(given)).toEqual({
    content: [
      { type: 'image_url', image_url: { url: '[binary: image/png, 1000 bytes]' } },
      { type: 'input_audio', input_audio: { data: '[binary: audio/wav, 1001 bytes]', format: 'wav' } },
      { type: 'file', file: { filename: 'a.pdf', file_data: '[binary: application/pdf, 2000 bytes]' } },
      { type: 'image_generation_call', result: '[binary: image, 3000 bytes]' },
    ],
    b64_json: '[binary: application/octet-stream, 4000 bytes]',
    text: 'x'.repeat(5_000),
  });
  expect(given).toEqual(copy);
});

test('what has no binary in it is returned as it is', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(withoutBinary(value)).toBe(value);
    }),
  );
});

test('the size of base64 is that of its bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (value) => {
      expect(base64Bytes(Buffer.from(value).toString('base64'))).toBe(value.length);
    }),
  );
});
