import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../boundary/use-call.ts';
import { CodeField } from './code-field.tsx';
import { type Closing, Form } from './form.tsx';

/** A way in, used once, so that it is known to work before it is needed. */
export function TrySheet({ onClose }: Closing) {
  const { t } = useTranslation();
  const [code, setCode] = useState('');
  const act = useAct('keys.trySheet');
  return (
    <Form
      title={t('keys.sheetTitle')}
      text={t('keys.sheetText')}
      button={t('keys.try')}
      act={act}
      onClose={onClose}
      onSubmit={() => act.mutate({ code }, { onSuccess: onClose })}
      disabled={code.trim() === ''}
    >
      <CodeField value={code} onChange={setCode} />
    </Form>
  );
}

export function TryPassphrase({ onClose }: Closing) {
  const { t } = useTranslation();
  const [passphrase, setPassphrase] = useState('');
  const act = useAct('keys.tryPassphrase');
  return (
    <Form
      title={t('keys.passphraseTitle')}
      text={t('keys.passphraseText')}
      button={t('keys.try')}
      act={act}
      onClose={onClose}
      onSubmit={() => act.mutate({ passphrase }, { onSuccess: onClose })}
      disabled={passphrase === ''}
    >
      <div className="field">
        <label htmlFor="try-passphrase">{t('locked.passphrase')}</label>
        <input
          id="try-passphrase"
          className="in-text"
          type="password"
          autoComplete="current-password"
          value={passphrase}
          onChange={(event) => setPassphrase(event.target.value)}
        />
      </div>
    </Form>
  );
}

export function SetPassphrase({ onClose }: Closing) {
  const { t } = useTranslation();
  const [passphrase, setPassphrase] = useState('');
  const act = useAct('keys.setPassphrase');
  return (
    <Form
      title={t('keys.setTitle')}
      text={t('keys.setText')}
      button={t('keys.set')}
      act={act}
      onClose={onClose}
      onSubmit={() => act.mutate({ passphrase }, { onSuccess: onClose })}
      disabled={passphrase === ''}
    >
      <div className="field">
        <label htmlFor="set-passphrase">{t('keys.newPassphrase')}</label>
        <input
          id="set-passphrase"
          className="in-text"
          type="password"
          autoComplete="new-password"
          value={passphrase}
          onChange={(event) => setPassphrase(event.target.value)}
        />
      </div>
    </Form>
  );
}
