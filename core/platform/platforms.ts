import { linux } from './linux/linux';
import type { Platform, PlatformId } from './platform';
import { windows } from './windows/windows';

/** The face of this folder: both platforms, and which of them an object is for. */
export { linux, windows };

/** `auto` takes Windows for objects that carry the marker section of its headers, else Linux. */
export function platformOf(object: { readonly builtForWindows: boolean }, wanted: 'auto' | PlatformId): Platform {
  if (wanted === 'auto') return object.builtForWindows ? windows : linux;
  return wanted === 'windows' ? windows : linux;
}
