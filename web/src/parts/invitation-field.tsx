import { useTranslation } from 'react-i18next';
import type { Site } from '../worker/site.ts';

/** What a desk gave: its link, or its code and at which hospital that is. */
export interface InvitationTyped {
  readonly invitation: string;
  readonly hospital: string | undefined;
}

const isCode = ({ invitation }: InvitationTyped): boolean =>
  invitation !== '' && !invitation.startsWith('salus:');

/** Whether it says where it leads. */
export const isInvited = (typed: InvitationTyped, hospitals: Site['hospitals']): boolean =>
  typed.invitation !== '' &&
  (!isCode(typed) || hospitals.length < 2 || typed.hospital !== undefined);

/** The desk's link or code; a code alone does not say of which hospital it is, so that is asked then. */
export function InvitationField({
  value,
  onChange,
  hospitals,
  hint,
}: {
  readonly value: InvitationTyped;
  readonly onChange: (typed: InvitationTyped) => void;
  readonly hospitals: Site['hospitals'];
  readonly hint: string;
}) {
  const { t } = useTranslation();
  return (
    <>
      <div className="field">
        <label htmlFor="invitation">{t('join.invitation')}</label>
        <input
          id="invitation"
          className="in-text"
          autoComplete="off"
          spellCheck={false}
          dir="ltr"
          value={value.invitation}
          onChange={(event) => onChange({ ...value, invitation: event.target.value.trim() })}
          aria-describedby="invitation-hint"
        />
        <p id="invitation-hint" className="hint">
          {hint}
        </p>
      </div>
      {isCode(value) && hospitals.length > 1 && (
        <div className="field">
          <label htmlFor="hospital">{t('join.hospital')}</label>
          <select
            id="hospital"
            className="in-text"
            value={value.hospital ?? ''}
            onChange={(event) => onChange({ ...value, hospital: event.target.value })}
          >
            <option value="">{t('join.choose')}</option>
            {hospitals.map((it) => (
              <option key={it.name} value={it.name}>
                {it.title}
              </option>
            ))}
          </select>
        </div>
      )}
    </>
  );
}
