import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { momentText } from '../../app/dates.ts';
import { useAct, useCall } from '../../boundary/use-call.ts';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { ItemProof } from '../../parts/item-proof.tsx';
import { usePersonName } from '../../parts/person-sign.tsx';
import { saveFile } from '../../parts/save.ts';
import type { ItemView } from '../../worker/item-view.ts';

/** Of one's own entry: with the receipt to keep, and the bytes to look at. */
export function OwnProof({
  item,
  isOpen,
  onToggle,
}: {
  readonly item: ItemView;
  readonly isOpen: boolean;
  readonly onToggle: (isOpen: boolean) => void;
}) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  const [showsBytes, setShowsBytes] = useState(false);
  const receipt = useAct('item.receipt');
  const { proof, author } = item;
  const when = momentText(proof.timeMs);
  const name = author.isMe ? t('item.you') : nameOf(author);
  const save = () =>
    receipt.mutate(
      { handle: item.handle },
      { onSuccess: (blob) => saveFile(blob, `${proof.txId.slice(0, 12)}.receipt`) },
    );
  return (
    <ItemProof
      proof={proof}
      signer={author.hospital === undefined ? name : `${name}, ${author.hospital}`}
      sentence={
        author.isMe
          ? t('item.proofSaidYou', { when })
          : t('item.proofSaid', { who: nameOf(author), when })
      }
      isOpen={isOpen}
      onToggle={onToggle}
    >
      <div className="acts way">
        <button
          type="button"
          className="btn line small"
          disabled={receipt.isPending}
          onClick={save}
        >
          <Icon name="save" />
          {t('item.saveReceipt')}
        </button>
        <button
          type="button"
          className="btn bare small"
          aria-expanded={showsBytes}
          onClick={() => setShowsBytes(!showsBytes)}
        >
          {t(showsBytes ? 'item.hideBytes' : 'item.showBytes')}
        </button>
      </div>
      {receipt.error !== null && <Failed error={receipt.error} />}
      {showsBytes && <Bytes handle={item.handle} />}
    </ItemProof>
  );
}

function Bytes({ handle }: { readonly handle: string }) {
  const { t } = useTranslation();
  const bytes = useCall('item.hex', { handle });
  if (bytes.error !== null) return <Failed error={bytes.error} />;
  if (bytes.data === undefined) return <span className="sk w80" />;
  return (
    <>
      <p className="hint mt-s">{t('item.firstBytes', { count: bytes.data.shown })}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard too. */}
      <pre className="bytes mono" tabIndex={0}>
        {bytes.data.lines.join('\n')}
      </pre>
    </>
  );
}
