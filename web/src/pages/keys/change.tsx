import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../boundary/use-call.ts';
import { CodeField } from './code-field.tsx';
import { type Closing, Form } from './form.tsx';

/** New keys: every device but this one is shut out. */
export function ChangeKeys({ onClose }: Closing) {
  const { t } = useTranslation();
  const [code, setCode] = useState('');
  const act = useAct('keys.change');
  return (
    <Form
      title={t('keys.change')}
      text={t('keys.changeText')}
      button={t('keys.changeNow')}
      act={act}
      onClose={onClose}
      onSubmit={() => act.mutate({ ...(code.trim() !== '' && { code }) }, { onSuccess: onClose })}
    >
      <CodeField value={code} onChange={setCode} isOptional />
    </Form>
  );
}

/** Nothing is done with these keys any more, until the printed sheet brings the record back. */
export function Freeze({ onClose }: Closing) {
  const { t } = useTranslation();
  const act = useAct('keys.freeze');
  return (
    <Form
      title={t('keys.freezeTitle')}
      text={t('keys.freezeText')}
      button={t('keys.freezeNow')}
      isStop
      act={act}
      onClose={onClose}
      onSubmit={() => act.mutate(undefined, { onSuccess: onClose })}
    />
  );
}
