import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { languages, spokenNow } from '../../app/language.ts';
import type { OutputOf } from '../../boundary/messages.ts';
import { useAct } from '../../boundary/use-call.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { DialogActs } from '../../parts/dialog-acts.tsx';
import { Failed } from '../../parts/failure.tsx';
import { NeedsNetwork } from '../../parts/needs-network.tsx';
import type { AlertsView, WayView, Wish } from './calls.ts';
import { askForPushes } from './push.ts';

const night = { quietFrom: 22 * 60, quietUntil: 7 * 60 };
const allHours = { quietFrom: 0, quietUntil: 0 };
type Draft = Omit<Wish, 'channel'>;

/** Where news goes on one way, in which language, of what, and when not. */
export function WayForm({
  way: { channel, set },
  view,
  onSet,
  onClose,
}: {
  readonly way: WayView;
  readonly view: AlertsView;
  readonly onSet: (became: OutputOf<'alerts.set'>) => void;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation();
  const act = useAct('alerts.set');
  const [draft, setDraft] = useState<Draft>(
    set ?? { address: '', language: spokenNow(), causes: view.causes, ...allHours },
  );
  const [problem, setProblem] = useState<'denied' | 'cannot'>();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setProblem(undefined);
    const address = channel === 'push' ? await pushAddress(view) : draft.address.trim();
    if (typeof address === 'object') setProblem(address.kind);
    else {
      const onSuccess = (became: OutputOf<'alerts.set'>) => {
        onSet(became);
        onClose();
      };
      act.mutate({ ...draft, channel, address }, { onSuccess });
    }
  };
  return (
    <Dialog title={t(`alerts.names.${channel}`)} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <p className="mt sm">{t(`alerts.what.${channel}`)}</p>
        {(channel === 'mail' || channel === 'webhook') && (
          <div className="field">
            <label htmlFor="alert-address">{t(`alerts.address.${channel}`)}</label>
            <input
              id="alert-address"
              className="in-text"
              type={channel === 'mail' ? 'email' : 'url'}
              dir="ltr"
              required
              autoComplete={channel === 'mail' ? 'email' : 'off'}
              value={draft.address}
              onChange={(event) => setDraft({ ...draft, address: event.target.value })}
            />
          </div>
        )}
        {channel !== 'inbox' && <Language draft={draft} onChange={setDraft} />}
        {channel !== 'inbox' && <Quiet draft={draft} onChange={setDraft} />}
        <Causes draft={draft} view={view} onChange={setDraft} />
        {problem !== undefined && (
          <p className="sm mt" role="alert">
            {t(`alerts.push.${problem}`)}
          </p>
        )}
        {act.error !== null && <Failed error={act.error} />}
        <NeedsNetwork />
        <DialogActs onClose={onClose}>
          <button type="submit" className="btn main" disabled={act.isPending}>
            {t(act.isPending ? 'alerts.keeping' : 'alerts.keep')}
          </button>
        </DialogActs>
      </form>
    </Dialog>
  );
}

async function pushAddress({ pushKey }: AlertsView) {
  if (pushKey === undefined) return { kind: 'cannot' } as const;
  const told = await askForPushes(pushKey);
  return told.kind === 'given' ? told.address : { kind: told.kind };
}

interface Part {
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
}

function Language({ draft, onChange }: Part) {
  const { t } = useTranslation();
  return (
    <fieldset className="field">
      <legend className="lab">{t('alerts.language')}</legend>
      <div className="chips">
        {(['en', 'es', 'ar'] as const).map((it) => (
          <label key={it} className="chip" lang={it}>
            <input
              type="radio"
              name="alert-language"
              checked={draft.language === it}
              onChange={() => onChange({ ...draft, language: it })}
            />
            {languages[it].name}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Quiet({ draft, onChange }: Part) {
  const { t } = useTranslation();
  const isQuiet = draft.quietFrom !== draft.quietUntil;
  return (
    <fieldset className="field">
      <legend className="lab">{t('alerts.quiet.title')}</legend>
      <div className="checks">
        <label>
          <input
            type="checkbox"
            checked={isQuiet}
            onChange={() => onChange({ ...draft, ...(isQuiet ? allHours : night) })}
          />
          <span>{t('alerts.quiet.on')}</span>
        </label>
      </div>
      {isQuiet && (
        <div className="asking">
          {(['quietFrom', 'quietUntil'] as const).map((side) => (
            <div key={side} className="field">
              <label htmlFor={side}>{t(`alerts.quiet.${side}`)}</label>
              <input
                id={side}
                className="in-text"
                type="time"
                required
                value={clockOf(draft[side])}
                onChange={(event) =>
                  onChange({ ...draft, [side]: minutesOf(event.target.value, draft[side]) })
                }
              />
            </div>
          ))}
        </div>
      )}
      <p className="hint mt-s">{t('alerts.quiet.hint')}</p>
    </fieldset>
  );
}

function Causes({ draft, view, onChange }: Part & { readonly view: AlertsView }) {
  const { t } = useTranslation();
  return (
    <fieldset className="field">
      <legend className="lab">{t('alerts.of')}</legend>
      <div className="checks">
        {view.causes.map((cause) => (
          <label key={cause}>
            <input
              type="checkbox"
              checked={draft.causes.includes(cause)}
              onChange={() => {
                const isIn = draft.causes.includes(cause);
                const causes = view.causes.filter((it) =>
                  it === cause ? !isIn : draft.causes.includes(it),
                );
                onChange({ ...draft, causes });
              }}
            />
            <span>{t(`alerts.causes.${cause}`)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

const two = (value: number): string => String(value).padStart(2, '0');
const clockOf = (minutes: number): string =>
  `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;

/** A field that is being emptied leaves what was. */
function minutesOf(clock: string, before: number): number {
  const [, hours, minutes] = /^(\d\d):(\d\d)/.exec(clock) ?? [];
  return hours === undefined ? before : Number(hours) * 60 + Number(minutes);
}
