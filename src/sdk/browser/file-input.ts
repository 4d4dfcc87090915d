import type { FileInput } from '../actions/file-source.ts';

/** A file that a person chose in a page, read piece by piece. */
export function fileInputOf(file: File): FileInput {
  return {
    name: file.name,
    byteLength: file.size,
    // A reader: not every engine iterates over streams.
    async *read() {
      const reader = file.stream().getReader();
      try {
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return;
          yield value;
        }
      } finally {
        reader.releaseLock();
      }
    },
  };
}
