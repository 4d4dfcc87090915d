import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { momentText } from '../app/dates.ts';
import type { CallError } from '../boundary/link.ts';
import type { ProofView, SavedFile } from '../worker/proof-view.ts';
import { Failed } from './failure.tsx';
import { Icon } from './icon.tsx';
import { usePersonName } from './person-sign.tsx';
import { saveFile } from './save.ts';

/** A fact of the thing that is proven, beside those that every receipt has. */
export interface ProofFact {
  readonly term: string;
  readonly value: ReactNode;
  /** Bytes, or what a machine compares. */
  readonly isCode?: boolean;
}

interface ProofProps {
  /** Who vouches and since when, in one sentence; that it was checked here is said behind it. */
  readonly sentence: ReactNode;
  /** Undefined: being checked. */
  readonly proof: ProofView | undefined;
  readonly file?: SavedFile | undefined;
  readonly facts?: readonly ProofFact[];
  readonly error?: CallError | null;
  readonly again?: (() => void) | undefined;
  /** Opened for the first time: what is inside may be asked for only then. */
  readonly onOpen?: (() => void) | undefined;
}

/**
 * Closed one sentence; open the signer, who vouches for the date, the place and the receipt to save. Only here do the
 * ledger's words appear, and nothing that is not verified yet is shown as true.
 */
export function Proof(props: ProofProps) {
  const { t } = useTranslation();
  const [wasOpened, setOpened] = useState(false);
  const { sentence, proof, error = null, again, onOpen } = props;
  return (
    <ProofFold
      sentence={sentence}
      onToggle={(isOpen) => {
        if (!isOpen || wasOpened) return;
        setOpened(true);
        onOpen?.();
      }}
    >
      {error !== null && <Failed error={error} again={again} />}
      {proof === undefined ? (
        error === null && (
          <p className="sm dim" role="status">
            {t('proof.checking')}
          </p>
        )
      ) : (
        <Facts {...props} proof={proof} />
      )}
    </ProofFold>
  );
}

/** One sentence, and behind it all that it rests on. */
export function ProofFold({
  sentence,
  isOpen,
  onToggle,
  children,
}: {
  readonly sentence: ReactNode;
  /** Undefined: as the reader has it. */
  readonly isOpen?: boolean | undefined;
  readonly onToggle?: ((isOpen: boolean) => void) | undefined;
  readonly children: ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <details
      className="proof"
      open={isOpen}
      onToggle={(event) => onToggle?.(event.currentTarget.open)}
    >
      <summary>
        <Icon name="verified" />
        <span>
          <span className="b">{t('proof.title')}</span>
          <br />
          <span className="sm">{sentence}</span>
        </span>
        <Icon name="down" />
      </summary>
      <div className="in">{children}</div>
    </details>
  );
}

function Facts({ proof, file, facts = [] }: ProofProps & { readonly proof: ProofView }) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  const sender = proof.hospital ?? (proof.sender === undefined ? undefined : nameOf(proof.sender));
  const vouching =
    proof.validators > 0
      ? t('proof.validators', { count: proof.validators })
      : proof.witnesses > 0
        ? t('proof.witnesses', { count: proof.witnesses })
        : t('proof.operator');
  return (
    <>
      <dl className="facts two">
        {facts.map(({ term, value, isCode = false }) => (
          <Fact key={term} term={term} isCode={isCode}>
            {value}
          </Fact>
        ))}
        {sender !== undefined && <Fact term={t('proof.sender')}>{sender}</Fact>}
        <Fact term={t('proof.since')}>{momentText(proof.ms)}</Fact>
        <Fact term={t('proof.vouches')}>{vouching}</Fact>
        <Fact term={t('proof.place')}>
          {t('proof.block', { height: proof.height, log: proof.log })}
        </Fact>
        <Fact term={t('proof.transaction')} isCode>
          {grouped(proof.txId)}
        </Fact>
        <Fact term={t('proof.header')} isCode>
          {grouped(proof.headerHash)}
        </Fact>
        <Fact term={t('proof.words')}>
          <bdi dir="ltr">{proof.trustWords.join(' ')}</bdi>
        </Fact>
      </dl>
      <p className="sm dim mt-s">{t('proof.checked')}</p>
      {file !== undefined && (
        <div className="acts way">
          <button
            type="button"
            className="btn line small"
            onClick={() => saveFile(new Blob([file.bytes]), file.fileName)}
          >
            <Icon name="save" />
            {t('proof.save')}
          </button>
        </div>
      )}
    </>
  );
}

/** A term of a proof and what it says. */
export function Fact({
  term,
  isCode = false,
  children,
}: {
  readonly term: string;
  readonly isCode?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{isCode ? <span className="mono">{children}</span> : children}</dd>
    </div>
  );
}

/** In fours, as people compare them. */
export const grouped = (hex: string): string => hex.match(/.{1,4}/gu)?.join(' ') ?? hex;
