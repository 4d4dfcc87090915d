import { useTranslation } from 'react-i18next';
import { momentText } from '../../../app/dates.ts';
import { AskWho } from '../../../parts/asks.tsx';
import { Icon } from '../../../parts/icon.tsx';
import type { LookView } from '../../../worker/calls/looked.ts';
import { useReason, useWhat } from './reason.ts';
import { LookProof } from './row.tsx';

/** Somebody whom no card names looked or tried to: before everything else. */
export function UnknownNote({ look }: { readonly look: LookView }) {
  const { t } = useTranslation();
  const reasonOf = useReason();
  const whatOf = useWhat();
  if (look.kind === 'erased') return null;
  const isRefused = look.kind === 'refused';
  return (
    <div className={isRefused ? 'note bad mt' : 'note warn mt'}>
      <Icon name="unknown" />
      <div>
        <p className="h">{isRefused ? t('looked.unknownTried') : t('looked.unknownLooked')}</p>
        <p>
          {momentText(look.ms)}. {reasonOf(look)}
        </p>
        {look.kind === 'look' && <p>{whatOf(look)}</p>}
        <p className="xs">
          {t('looked.unknownAccount')}{' '}
          <bdi className="mono">{look.person.account.slice(0, 16)}</bdi>
        </p>
        <AskWho account={look.person.account} />
        <div className="mt-s">
          <LookProof look={look} />
        </div>
      </div>
    </div>
  );
}
