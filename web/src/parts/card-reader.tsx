import { type FormEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../boundary/use-call.ts';
import type { CardView } from '../worker/calls/code.ts';
import { Failed } from './failure.tsx';
import { Icon } from './icon.tsx';
import { canScan, ScanDialog } from './scan.tsx';

/** Somebody's card, pasted, chosen as a file or scanned; it is proven before anybody sees a name. */
export function CardReader({ onCard }: { readonly onCard: (card: CardView) => void }) {
  const { t } = useTranslation();
  const id = useId();
  const [text, setText] = useState('');
  const [isScanning, setScanning] = useState(false);
  const read = useAct('code.read');
  const take = (given: Parameters<typeof read.mutate>[0]) =>
    read.mutate(given, {
      onSuccess: (card) => {
        setText('');
        onCard(card);
      },
    });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    take({ text });
  };
  return (
    <form onSubmit={submit}>
      <div className="field">
        <label htmlFor={id}>{t('cards.paste')}</label>
        <input
          id={id}
          className="in-text"
          autoComplete="off"
          spellCheck={false}
          value={text}
          aria-describedby={`${id}-hint`}
          onChange={(event) => setText(event.target.value)}
        />
        <p className="hint mt-s" id={`${id}-hint`}>
          {t('cards.pasteHint')}
        </p>
      </div>
      {read.error !== null && <Failed error={read.error} />}
      <div className="acts mt-s">
        <button
          type="submit"
          className="btn line small"
          disabled={text.trim() === '' || read.isPending}
        >
          <Icon name="check" />
          {read.isPending ? t('cards.reading') : t('cards.read')}
        </button>
        {canScan && (
          <button type="button" className="btn line small" onClick={() => setScanning(true)}>
            <Icon name="code" />
            {t('cards.scan')}
          </button>
        )}
        <label className="btn line small file">
          <Icon name="file" />
          {t('cards.file')}
          <input
            type="file"
            onChange={(event) => {
              const [file] = event.target.files ?? [];
              event.target.value = '';
              if (file !== undefined) void file.arrayBuffer().then((bytes) => take({ bytes }));
            }}
          />
        </label>
      </div>
      {isScanning && (
        <ScanDialog
          onClose={() => setScanning(false)}
          onText={(found) => {
            setScanning(false);
            take({ text: found });
          }}
        />
      )}
    </form>
  );
}
