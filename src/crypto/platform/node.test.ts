import { platform } from './node.ts';
import { describePlatform } from './platform.contract.ts';

describePlatform('node', platform);
