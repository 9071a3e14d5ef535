import { platformOf } from '../../../../core/platform/platforms';

export const linux = platformOf({ builtForWindows: false }, 'linux');
export const windows = platformOf({ builtForWindows: true }, 'windows');
