import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router';
import { useCall } from '../../../boundary/use-call.ts';
import { Unanswered } from '../../../parts/unanswered.tsx';
import { WayBack } from '../../../parts/way-back.tsx';
import type { ShareFrom } from '../../../worker/calls/share.ts';
import type { DoneShare } from './draft.ts';
import { ShareForm } from './form.tsx';
import { Shared } from './shared.tsx';

/** A new share: of everything, or of the entry that somebody came from. */
export function Share() {
  const { handle } = useParams();
  return <SharePage key={handle} from={{ item: handle }} />;
}

/** What somebody asked for, to be given or changed before it is. */
export function ShareAsked() {
  const { handle } = useParams();
  return <SharePage key={handle} from={{ ask: handle }} />;
}

/** Another share in the place of one that lives, or one that has ended given again. */
export function ChangeShare() {
  const { handle } = useParams();
  return <SharePage key={handle} from={{ share: handle }} />;
}

function SharePage({ from }: { readonly from: ShareFrom }) {
  const { t } = useTranslation();
  const start = useCall('share.start', from);
  const [done, setDone] = useState<DoneShare>();
  const isChange = from.share !== undefined;
  return (
    <main id="page" className="page" tabIndex={-1}>
      <WayBack to={isChange ? '/sharing' : '/home'}>
        {isChange ? t('nav.sharing') : t('nav.home')}
      </WayBack>
      {done !== undefined ? (
        <Shared done={done} />
      ) : start.data !== undefined ? (
        <ShareForm start={start.data} from={from} onDone={setDone} />
      ) : (
        <Unanswered
          what={t('share.waiting')}
          error={start.error}
          again={() => void start.refetch()}
        />
      )}
    </main>
  );
}
