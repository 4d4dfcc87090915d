import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { listed } from '../../app/dates.ts';
import { useAct } from '../../boundary/use-call.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Icon } from '../../parts/icon.tsx';
import type { DeviceView } from '../../worker/calls/keys.ts';
import { CodeField } from './code-field.tsx';
import { type Closing, Form } from './form.tsx';

/**
 * Devices are removed by new keys, which shut every other device out: those that one keeps are named, for they are added
 * again afterwards.
 */
export function RemoveDevices({
  devices,
  onClose,
}: Closing & { readonly devices: readonly DeviceView[] }) {
  const { t } = useTranslation();
  const [others] = useState(() => devices.filter((it) => !it.isThis));
  const [gone, setGone] = useState<ReadonlySet<number>>(new Set(others.length === 1 ? [0] : []));
  const [code, setCode] = useState('');
  const act = useAct('keys.change');
  const namesOf = (isGone: boolean): string =>
    listed(others.filter((_, at) => gone.has(at) === isGone).map((it) => isolated(it.name)));
  const keeps = gone.size < others.length;
  const turn = (at: number) => {
    const next = new Set(gone);
    if (!next.delete(at)) next.add(at);
    setGone(next);
  };
  if (act.isSuccess) {
    return (
      <Dialog title={t('devices.remove')} onClose={onClose}>
        <p className="mt" role="status">
          {t('devices.removed', { names: namesOf(true) })}
        </p>
        {keeps && <p className="mt">{t('devices.addAgain', { names: namesOf(false) })}</p>}
        <div className="acts">
          <button type="button" className="btn main" onClick={onClose}>
            {t('parts.close')}
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <Form
      title={t('devices.remove')}
      text={t('devices.removeText')}
      button={t('devices.removeNow')}
      isStop
      act={act}
      onClose={onClose}
      onSubmit={() => act.mutate(code.trim() === '' ? {} : { code })}
      disabled={gone.size === 0}
    >
      <fieldset className="checks field">
        <legend className="lab">{t('devices.which')}</legend>
        {others.map((it, at) => (
          <label key={`${it.addedMs} ${it.name}`}>
            <input type="checkbox" checked={gone.has(at)} onChange={() => turn(at)} />
            <bdi>{it.name}</bdi>
          </label>
        ))}
      </fieldset>
      {gone.size > 0 && (
        <ul className="what">
          {keeps && (
            <li className="no">
              <Icon name="attend" />
              <span>{t('devices.alsoOut', { names: namesOf(false) })}</span>
            </li>
          )}
          <li className="no">
            <Icon name="record" />
            <span>{t('devices.limit')}</span>
          </li>
        </ul>
      )}
      <CodeField value={code} onChange={setCode} isOptional />
      <p className="hint">{t('devices.codeHint')}</p>
    </Form>
  );
}

/** A name is somebody's text, and may run the other way than the sentence that it stands in. */
const isolated = (name: string): string => `\u2068${name}\u2069`;
