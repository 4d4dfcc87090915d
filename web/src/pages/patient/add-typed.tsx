import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../boundary/use-call.ts';
import { Chips } from '../../parts/chips.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { DialogActs } from '../../parts/dialog-acts.tsx';
import { Failed } from '../../parts/failure.tsx';
import { NeedsNetwork } from '../../parts/needs-network.tsx';
import { SelectField } from '../../parts/select-field.tsx';
import type { TypedIn } from '../../worker/typed-in.ts';
import { Added } from './add-result.tsx';

const kinds = ['value', 'allergy', 'medicine', 'problem', 'note'] as const;
type Kind = (typeof kinds)[number];
const measured = ['pressure', 'weight', 'height', 'pulse', 'temperature', 'oxygen'] as const;

const today = (): string => {
  const now = new Date();
  const two = (it: number): string => String(it).padStart(2, '0');
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
};

/** A few words of one's own: marked as typed in by the patient, and signed by them. */
export function TypeDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const [kind, setKind] = useState<Kind>('value');
  const [which, setWhich] = useState<string>('pressure');
  const [what, setWhat] = useState('');
  const [value, setValue] = useState('');
  const [unit, setUnit] = useState('');
  const [note, setNote] = useState('');
  const [day, setDay] = useState(today);
  const add = useAct('add.typed');
  const isOwnValue = kind === 'value' && which === 'other';
  const typed = (): TypedIn => {
    if (kind === 'value') return { kind, what: isOwnValue ? what : which, value, unit, day };
    return { kind, what, note, day };
  };
  const isReady =
    kind === 'value'
      ? value.trim() !== '' && (!isOwnValue || what.trim() !== '')
      : kind === 'note'
        ? note.trim() !== ''
        : what.trim() !== '';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate(typed());
  };
  const words = fieldsOf[kind];
  return (
    <Dialog title={t('typing.title')} onClose={onClose}>
      {add.data?.kind === 'added' ? (
        <Added id={undefined} result={add.data} />
      ) : (
        <form onSubmit={submit}>
          <fieldset className="mt-s">
            <legend className="lab">{t('typing.what')}</legend>
            <Chips
              name="kind"
              all={kinds}
              chosen={kind}
              onChoose={setKind}
              wordOf={(it) => t(`typing.${it}`)}
            />
          </fieldset>
          {kind === 'value' && (
            <>
              <SelectField
                id="typed-which"
                label={t('typing.which')}
                value={which}
                onChange={setWhich}
              >
                {measured.map((it) => (
                  <option key={it} value={it}>
                    {t(`typing.${it}`)}
                  </option>
                ))}
                <option value="other">{t('typing.other')}</option>
              </SelectField>
              {isOwnValue && (
                <Line id="what" label={t('typing.called')} value={what} onChange={setWhat} />
              )}
              <Line
                id="value"
                label={t('typing.number')}
                hint={t('typing.numberHint')}
                value={value}
                onChange={setValue}
              />
              {isOwnValue && (
                <Line id="unit" label={t('typing.unit')} value={unit} onChange={setUnit} />
              )}
            </>
          )}
          {words.what !== undefined && (
            <Line id="what" label={t(words.what)} value={what} onChange={setWhat} />
          )}
          {words.note !== undefined && (
            <div className="field">
              <label htmlFor="typed-note">{t(words.note)}</label>
              <textarea
                id="typed-note"
                className="in-text"
                dir="auto"
                rows={kind === 'note' ? 6 : 2}
                maxLength={20_000}
                value={note}
                onChange={(event) => setNote(event.target.value)}
              />
            </div>
          )}
          {kind !== 'note' && (
            <div className="field">
              <label htmlFor="typed-day">{t('typing.day')}</label>
              <input
                id="typed-day"
                className="in-text"
                type="date"
                max={today()}
                value={day}
                onChange={(event) => setDay(event.target.value)}
              />
            </div>
          )}
          <p className="hint mt">{t('typing.mark')}</p>
          {add.error !== null && <Failed error={add.error} />}
          <NeedsNetwork />
          <DialogActs onClose={onClose}>
            <button type="submit" className="btn main" disabled={add.isPending || !isReady}>
              {add.isPending ? t('typing.adding') : t('typing.add')}
            </button>
          </DialogActs>
        </form>
      )}
    </Dialog>
  );
}

const fieldsOf = {
  value: { what: undefined, note: undefined },
  allergy: { what: 'typing.allergyTo', note: 'typing.happens' },
  medicine: { what: 'typing.medicineName', note: 'typing.how' },
  problem: { what: 'typing.problemName', note: 'typing.remark' },
  note: { what: 'typing.heading', note: 'typing.text' },
} as const;

function Line({
  id,
  label,
  hint,
  value,
  onChange,
}: {
  readonly id: string;
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  return (
    <div className="field">
      <label htmlFor={`typed-${id}`}>{label}</label>
      <input
        id={`typed-${id}`}
        className="in-text"
        dir="auto"
        autoComplete="off"
        maxLength={200}
        aria-describedby={hint === undefined ? undefined : `typed-${id}-hint`}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
      {hint !== undefined && (
        <p className="hint" id={`typed-${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
