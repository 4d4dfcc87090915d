import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { momentText } from '../../app/dates.ts';
import { useAct, useCall } from '../../boundary/use-call.ts';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { usePersonName } from '../../parts/person-sign.tsx';
import { saveFile } from '../../parts/save.ts';
import type { ItemView } from '../../worker/item-view.ts';

/** One sentence, and behind it all that it rests on; the only place with the ledger's own words. */
export function Proof({
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
  const facts: readonly (readonly [string, string, boolean?])[] = [
    [
      t('item.signedBy'),
      `${author.isMe ? t('item.you') : nameOf(author)}${author.hospital === undefined ? '' : `, ${author.hospital}`}`,
    ],
    [t('item.signedWhen'), momentText(item.writtenMs)],
    [t('item.vouches'), t('item.vouchesText')],
    [t('item.keptBy'), proof.hospital],
    ...(proof.flagBy === undefined
      ? []
      : [
          [
            t('item.flags'),
            t(proof.flagBy === 'range' ? 'item.flagByRange' : 'item.flagBySource'),
          ] as const,
        ]),
    [
      t('item.place'),
      t('item.block', { height: new Intl.NumberFormat('en').format(proof.height) }),
    ],
    [t('item.act'), grouped(proof.txId), true],
    [t('item.seal'), grouped(proof.sha256), true],
  ];
  return (
    <section className="sec">
      <details
        className="proof"
        open={isOpen}
        onToggle={(event) => onToggle(event.currentTarget.open)}
      >
        <summary>
          <Icon name="verified" />
          <span>
            <span className="b">{t('item.proof')}</span>
            <br />
            <span className="sm">
              {author.isMe
                ? t('item.proofSaidYou', { when })
                : t('item.proofSaid', { who: nameOf(author), when })}
            </span>
          </span>
          <Icon name="down" />
        </summary>
        <div className="in">
          <dl className="facts two">
            {facts.map(([name, text, isCode]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>
                  {isCode === true ? <span className="mono">{text}</span> : <bdi>{text}</bdi>}
                </dd>
              </div>
            ))}
          </dl>
          <div className="acts way">
            <button
              type="button"
              className="btn line small"
              disabled={receipt.isPending}
              onClick={() =>
                receipt.mutate(
                  { handle: item.handle },
                  { onSuccess: (blob) => saveFile(blob, `${proof.txId.slice(0, 12)}.receipt`) },
                )
              }
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
        </div>
      </details>
    </section>
  );
}

const grouped = (hex: string): string => hex.match(/.{1,4}/gu)?.join(' ') ?? hex;

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
